//! The loop: inputs -> reducer -> commit -> effects.
