//! palisade-records
