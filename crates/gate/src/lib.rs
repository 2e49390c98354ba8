//! palisade-gate
