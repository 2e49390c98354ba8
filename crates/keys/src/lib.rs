//! palisade-keys
