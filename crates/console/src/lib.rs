//! palisade-console
