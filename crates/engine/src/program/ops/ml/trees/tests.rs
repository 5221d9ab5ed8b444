//! Every layout and every way gives what a walk from branch to branch gives.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use tract_onnx::pb::NodeProto;

use super::*;
use crate::program::{
    tensor::{Data, Tensor},
    way::Way,
};

struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(bound)) as u32
    }

    /// Few single numbers, so that rows meet thresholds, and those that are none.
    fn number(&mut self) -> f32 {
        match self.below(12) {
            0 => f32::NAN,
            1 => f32::INFINITY,
            2 => f32::NEG_INFINITY,
            3 => -0.0,
            4 => f32::MIN_POSITIVE / 4.0,
            _ => self.below(9) as f32 - 4.0,
        }
    }

    /// Those, what is close to them, and what single precision has no room for.
    fn double(&mut self) -> f64 {
        let single = f64::from(self.number());
        let next_single = |x: f64| f64::from((x as f32).next_up());
        let mut x = match self.below(12) {
            0 => single * 0.1,
            1 => f64::from(f32::MAX) * single.signum(),
            2 => 1e300 * single,
            3 => 1e-310 * single,
            4 => f64::from(f32::from_bits(1)) * single,
            5 => f64::midpoint(single, next_single(single)),
            6 => next_single(single),
            _ => single,
        };
        for _ in 0..self.below(6).saturating_sub(2) {
            x = if self.below(2) == 0 { x.next_up() } else { x.next_down() };
        }
        x
    }
}

const ANY: &[Test] = &[Test::AtMost, Test::Below, Test::AtLeast, Test::Above];

/// Trees of any shape whose questions are of order, each tree adding to one or two of three targets.
fn random<S: Sum>(
    chance: &mut Chance,
    [columns, size]: [u32; 2],
    tests: &[Test],
    number: fn(&mut Chance) -> f64,
) -> Trees<S> {
    let (mut branches, mut roots, mut of_leaf) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..1 + chance.below(20) {
        let targets = if chance.below(2) == 0 { vec![chance.below(3)] } else { vec![2, chance.below(2)] };
        let mut next = Vec::new();
        for _ in 0..1 + chance.below(size) {
            let mut child = |chance: &mut Chance| {
                if next.is_empty() || chance.below(2) == 0 {
                    let weight = |target: &u32| match chance.below(40) {
                        0 => (*target, S::of(f64::INFINITY)),
                        at => {
                            (*target, S::of((f64::from(chance.below(1000)) - 500.0) / (6.0 + f64::from(at))))
                        }
                    };
                    of_leaf.push(targets.iter().map(weight).collect());
                    return Next::Leaf(of_leaf.len() as u32 - 1);
                }
                next.swap_remove(chance.below(next.len() as u32) as usize)
            };
            let (yes, no) = (child(chance), child(chance));
            let test = tests[chance.below(tests.len() as u32) as usize];
            let threshold = loop {
                let threshold = number(chance);
                if !threshold.is_nan() && threshold != f64::NEG_INFINITY {
                    break threshold;
                }
            };
            let (column, missing_is_yes) = (chance.below(columns), chance.below(2) == 0);
            branches.push(Branch { column, threshold, test, missing_is_yes, yes, no });
            next.push(Next::Branch(branches.len() as u32 - 1));
        }
        roots.extend(next.pop());
    }
    let node =
        Node { proto: &NodeProto::default(), opset: 20, ml: 5, constants: &[], captured: &[], depth: 0 };
    Trees::new(node, branches, roots, of_leaf, Vec::new(), 3).unwrap()
}

/// The scores of all rows as bits, and which targets have one.
fn scores<S: Sum>(trees: &Trees<S>, way: Way, x: &Tensor, aggregate: Aggregate) -> (Vec<u64>, Vec<bool>) {
    let (mut all, mut all_has) = (Vec::new(), Vec::new());
    let each = |scores: &mut [S], has: &[bool]| {
        all.extend(scores.iter().map(|score| score.to_f64().to_bits()));
        all_has.extend_from_slice(has);
    };
    trees.each_block(way, x, aggregate, each).unwrap();
    (all, all_has)
}

fn check(seed: u64, rounds: u32, size: u32, most_rows: u32) {
    let mut chance = Chance(seed);
    for round in 0..rounds {
        let asked = 1 + chance.below([40, 5, 5, 150, 5, 70, 5][round as usize % 7]);
        let mut trees: Trees<f32> = random(&mut chance, [asked, size], ANY, |chance| chance.number().into());
        // Rows may have more columns than are asked about.
        let columns = asked + chance.below(20) * (round % 3);
        let rows = chance.below(most_rows) as usize;
        // Every second time no number is missing.
        let mut number = || loop {
            let number = chance.number();
            if round % 2 == 0 || !number.is_nan() {
                break number;
            }
        };
        let values = (0..rows * columns as usize).map(|_| number()).collect();
        let x = Tensor::of(vec![rows, columns as usize], Data::F32(values));
        let aggregate = [Aggregate::Sum, Aggregate::Average][round as usize % 2];
        every_way_is_the_plain_one(&mut trees, &x, aggregate);
    }
}

/// Gives what kind of narrowing there was.
fn every_way_is_the_plain_one<S: Sum>(trees: &mut Trees<S>, x: &Tensor, aggregate: Aggregate) -> bool {
    let mut layouts = std::mem::take(&mut trees.layouts);
    let expected = scores(trees, Way::Portable, x, aggregate);
    let takes_singles = layouts.narrowing.as_ref().is_some_and(Narrowing::takes_singles);
    trees.layouts.narrowing = layouts.narrowing.take();
    assert_eq!(scores(trees, Way::Portable, x, aggregate), expected, "without a layout that suits");
    trees.layouts.forest = layouts.forest.take();
    assert!(trees.layouts.forest.is_some());
    assert_eq!(scores(trees, Way::Portable, x, aggregate), expected, "walked");
    trees.layouts.tops = layouts.tops.take();
    assert!(trees.layouts.tops.is_some());
    for way in Way::all() {
        assert_eq!(scores(trees, way, x, aggregate), expected, "{way:?}, {:?}", x.shape());
    }
    takes_singles
}

fn check_doubles<S: Sum>(tests: &[Test], threshold: fn(&mut Chance) -> f64, size: u32) -> [usize; 2] {
    let mut chance = Chance(17);
    let mut of_kind = [0; 2];
    for round in 0..200 {
        let asked = 1 + chance.below(if round % 5 == 0 { 40 } else { 5 });
        let mut trees: Trees<S> = random(&mut chance, [asked, size], tests, threshold);
        let columns = (asked + chance.below(20) * (round % 3)) as usize;
        let rows = chance.below(150) as usize;
        let values: Vec<f64> = (0..rows * columns)
            .map(|_| {
                // Thresholds are what rows are compared with most closely.
                let branch = &trees.branches[chance.below(trees.branches.len() as u32) as usize];
                match chance.below(6) {
                    0 => branch.threshold,
                    1 => branch.threshold.next_up(),
                    2 => branch.threshold.next_down(),
                    3 => f64::from(branch.threshold as f32),
                    _ => chance.double(),
                }
            })
            .collect();
        let aggregate = [Aggregate::Sum, Aggregate::Average, Aggregate::Least][round as usize % 3];
        let singles = values.iter().map(|x| *x as f32).collect();
        let x = Tensor::of(vec![rows, columns], Data::F64(values));
        let kind = every_way_is_the_plain_one(&mut trees, &x, aggregate);
        of_kind[usize::from(kind)] += 1;
        let x = Tensor::of(vec![rows, columns], Data::F32(singles));
        every_way_is_the_plain_one(&mut trees, &x, aggregate);
    }
    of_kind
}

#[test]
fn doubles_are_compared_as_doubles_with_single_thresholds() {
    let single = |chance: &mut Chance| chance.number().into();
    assert_eq!(check_doubles::<f32>(&[Test::AtMost, Test::Above], single, 20), [0, 200]);
    assert_eq!(check_doubles::<f64>(&[Test::Below, Test::AtLeast], single, 90), [0, 200]);
    check_doubles::<f32>(ANY, |chance| f64::from(chance.double() as f32), 300);
}

#[test]
fn doubles_are_compared_as_doubles_with_double_thresholds() {
    let [by_rank, _] = check_doubles::<f64>(&[Test::AtMost], Chance::double, 20);
    assert!(by_rank > 100, "{by_rank}");
    let apart = |chance: &mut Chance| f64::from(chance.below(1000)) * 0.1;
    assert_eq!(check_doubles::<f64>(&[Test::AtMost, Test::Above], apart, 90), [0, 200]);
    check_doubles::<f32>(ANY, Chance::double, 90);
    check_doubles::<f64>(ANY, Chance::double, 300);
}

#[test]
fn doubles_are_compared_as_doubles_where_a_question_is_not_of_order() {
    let mut chance = Chance(5);
    for _ in 0..100 {
        let trees: Trees<f32> =
            random(&mut chance, [3, 20], &[Test::Equal, Test::Other, Test::Below], Chance::double);
        let row: Vec<f64> = (0..3).map(|_| chance.double()).collect();
        for (tree, root) in trees.roots.iter().enumerate() {
            let mut at = *root;
            let leaf = loop {
                let Next::Branch(number) = at else { break at };
                let branch = &trees.branches[number as usize];
                let x = row[branch.column as usize];
                let is_yes = match branch.test {
                    Test::Equal => x == branch.threshold,
                    Test::Other => x != branch.threshold,
                    _ => x < branch.threshold,
                };
                at = if is_yes || x.is_nan() && branch.missing_is_yes { branch.yes } else { branch.no };
            };
            assert_eq!(Next::Leaf(trees.leaf_number(*root, &row)), leaf, "tree {tree}");
        }
    }
}

#[test]
fn zeros_of_both_signs_are_one_threshold() {
    let (left, right) = (Next::Leaf(0), Next::Leaf(1));
    let order = |threshold| Some(Order { column: 0, threshold, missing_is_left: false, left, right });
    let (narrowing, orders) = Narrowing::of(&[0.0, -0.0, 1e-320].map(order), 1).unwrap();
    assert!(!narrowing.takes_singles());
    let ranks: Vec<f32> = orders.iter().flatten().map(|order| order.threshold).collect();
    assert_eq!(ranks, [0.0, 0.0, 1.0]);
}

#[test]
fn every_way_gives_the_same_bits_on_trees_that_are_all_top() {
    check(7, 300, 20, 90);
}

#[test]
fn every_way_gives_the_same_bits_on_trees_of_two_words_of_exits() {
    check(13, 200, 90, 300);
}

#[test]
fn every_way_gives_the_same_bits_on_trees_that_go_on_below() {
    check(11, 100, 300, 150);
}

#[test]
fn every_way_gives_the_same_bits_with_more_thresholds_than_a_byte_counts() {
    let mut chance = Chance(31);
    for round in 0..60 {
        let columns = 1 + chance.below(3);
        let range = [300, 2000, 70][round % 3];
        let number = match range {
            300 => |chance: &mut Chance| f64::from(chance.below(300)),
            2000 => |chance: &mut Chance| f64::from(chance.below(2000)),
            _ => |chance: &mut Chance| f64::from(chance.below(70)),
        };
        let mut trees: Trees<f32> = random(&mut chance, [columns, 64 + 30 * (round as u32 % 2)], ANY, number);
        let rows = chance.below(300) as usize;
        let number = |chance: &mut Chance| match chance.below(20) {
            0 => chance.number(),
            1 => -1.0,
            _ => chance.below(2 * range) as f32 / 2.0,
        };
        let values = (0..rows * columns as usize).map(|_| number(&mut chance)).collect();
        let x = Tensor::of(vec![rows, columns as usize], Data::F32(values));
        every_way_is_the_plain_one(&mut trees, &x, Aggregate::Sum);
    }
}

#[test]
fn every_way_gives_the_same_bits_on_few_rows() {
    check(19, 300, 20, 10);
    check(23, 300, 90, 10);
    check(29, 300, 300, 10);
}

#[test]
fn the_single_number_below_is_the_largest_that_is_not_above() {
    let mut chance = Chance(3);
    for x in (0..100_000).map(|_| chance.double()).filter(|x| !x.is_nan()) {
        let near = x as f32;
        let expected = if f64::from(near) > x { near.next_down() } else { near };
        assert_eq!(narrow::floor_of(x).to_bits(), expected.to_bits(), "{x:e}");
    }
}
