//! palisade-web
