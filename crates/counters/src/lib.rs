//! palisade-counters
