//! What tools do until they die.

use ringbuf_core::inspect::{self, Reach};

use super::Order;

/// As `ringctl rm`.
pub fn removing(order: &Order) {
    order.arm();
    inspect::remove(&order.ring).unwrap();
}

/// As `ringctl gc`.
pub fn sweeping(order: &Order) {
    order.arm();
    inspect::gc(Reach::Disk, false).unwrap();
    // Its name is all it needs to know of the ring.
    let _ = &order.ring;
}
