//! The parts of the program `producer`: a library so that more than its `main` can call them, the fuzz targets
//! above all. It promises nothing to anybody else.

#[doc(hidden)]
pub mod args;
mod asleep;
mod block;
#[doc(hidden)]
pub mod config;
mod feed;
mod frame_ring;
mod frame_supply;
mod frames;
mod keep;
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
mod stop;
mod stream;
mod supply;
#[doc(hidden)]
pub mod values;
