//! The parts of the program `producer`: a library so that more than its `main` can call them, the fuzz targets
//! above all. It promises nothing to anybody else.

#[doc(hidden)]
pub mod args;
mod asleep;
mod behind;
mod block;
#[doc(hidden)]
pub mod config;
mod feed;
mod frame_ring;
mod frame_supply;
mod frames;
mod inlet;
mod keep;
mod late;
mod line_cutter;
mod live;
mod pace;
mod records;
#[doc(hidden)]
pub mod report;
mod rounds;
#[doc(hidden)]
pub mod run;
#[doc(hidden)]
pub mod source;
mod stdin;
mod stop;
mod stream;
mod supply;
#[doc(hidden)]
pub mod values;
mod when;
