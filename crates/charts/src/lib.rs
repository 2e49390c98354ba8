#![doc = include_str!("../README.md")]

mod bars;
mod chart;
mod coordinate;
mod figure;
mod grid;
mod label;
mod radar;
mod sparkline;
mod stacked;
mod trend;

pub use bars::{Bar, Bars};
pub use chart::Chart;
pub use figure::{Figure, Scale};
pub use grid::{Grid, GridCell, GridHead, GridRow};
pub use radar::{Axis, MOST_AXES, Radar, fold_axes};
pub use sparkline::sparkline;
pub use stacked::{Stacked, StackedRow};
pub use trend::{Trend, TrendPoint};
