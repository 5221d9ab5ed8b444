//! Room for numbers that is used again: what a step no longer needs is where a later one writes.
//!
//! Each thread has its own. Memory that is given back to the system and asked for anew costs more than
//! most steps do.

use std::cell::RefCell;

use super::tensor::{Data, Tensor};

thread_local! {
    static FREE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// How many are kept, and how large they may be: as much as blocks of rows need.
const MOST: usize = 16;
const LARGEST: usize = 1 << 20;

/// Room for as many numbers, without any.
pub(crate) fn empty(count: usize) -> Vec<f32> {
    let mut room = FREE.with_borrow_mut(|free| take(free, count)).unwrap_or_default();
    room.clear();
    room.reserve_exact(count);
    room
}

/// As many numbers, whatever they are: all are written over.
pub(crate) fn filled(count: usize) -> Vec<f32> {
    let mut room = FREE.with_borrow_mut(|free| take(free, count)).unwrap_or_default();
    room.resize(count, 0.0);
    room
}

/// A copy.
pub(crate) fn copy(values: &[f32]) -> Vec<f32> {
    let mut room = empty(values.len());
    room.extend_from_slice(values);
    room
}

/// The smallest that is large enough. What is far larger waits for what needs it: little room is soon there, much is not.
fn take(free: &mut Vec<Vec<f32>>, count: usize) -> Option<Vec<f32>> {
    const TIMES: usize = 4;
    let range = count..=count.saturating_mul(TIMES);
    let fits = free.iter().enumerate().filter(|(_, room)| range.contains(&room.capacity()));
    let (place, _) = fits.min_by_key(|(_, room)| room.capacity())?;
    Some(free.swap_remove(place))
}

/// Takes back what a tensor held.
pub(crate) fn give_back(tensor: Tensor) {
    let Data::F32(values) = tensor.into_data() else { return };
    if (1..=LARGEST).contains(&values.capacity()) {
        FREE.with_borrow_mut(|free| {
            free.push(values);
            if free.len() > MOST {
                drop_smallest(free);
            }
        });
    }
}

/// The small are soon there again.
fn drop_smallest(free: &mut Vec<Vec<f32>>) {
    let smallest = free.iter().enumerate().min_by_key(|(_, room)| room.capacity()).map(|(place, _)| place);
    smallest.map(|place| free.swap_remove(place));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_large_stays_where_there_is_no_more_room_for_all() {
        let give = |count: usize| give_back(Tensor::list(Data::F32(vec![0.0; count])));
        (0..MOST).for_each(|_| give(4));
        give(1000);
        give(4);
        assert_eq!(FREE.with_borrow(Vec::len), MOST);
        assert_eq!(empty(900).capacity(), 1000);
    }
}
