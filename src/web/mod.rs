//! Pages, API and the one event stream. Everything goes through `Station`.
