//! palisade-trail
