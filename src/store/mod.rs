//! SQLite: one writer thread, the event chain, projections, outbox cursors, backup, salvage.
