//! palisade-kpi
