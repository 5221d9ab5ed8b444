//! Sums of tables that stay in registers: a part of a row at a time.
//!
//! Left to the compiler, the sums were kept in memory and added four at a time: a fifth of all that the
//! pack `bank` takes.

use super::super::{
    BLOCK, WIDE, Way,
    sums::{PANELS, Sums},
};

/// The outputs of some rows, with registers.
pub(in super::super) fn add_sums(sums: &Sums, way: Way, codes: &[u32], x: &[f32], out: &mut [f32]) {
    // Safety: a way is gone only where the processor has its features.
    unsafe {
        match way {
            Way::Avx512 => add_avx512(sums, codes, x, out),
            _ => add_avx2(sums, codes, x, out),
        }
    }
}

macro_rules! with_registers {
    ($add:ident, $row:ident, $feature:literal, $module:ident, $panels:literal) => {
        #[target_feature(enable = $feature)]
        fn $add(sums: &Sums, codes: &[u32], x: &[f32], out: &mut [f32]) {
            let tables = sums.tables();
            let count = out.len() / sums.columns;
            let width = x.len() / count;
            for part in 0..sums.base.len() {
                let columns = sums.columns - part * PANELS * WIDE;
                let panels = columns.div_ceil(WIDE).min(PANELS);
                let mut panel = 0;
                while panel < panels {
                    let wide = if panels - panel == 1 { 1 } else { $panels };
                    for row in 0..count {
                        let codes = &codes[row * tables..][..tables];
                        let x = &x[row * width..][..width];
                        let out =
                            &mut out[row * sums.columns..][..sums.columns][(part * PANELS + panel) * WIDE..];
                        match wide {
                            1 => $row::<1>(sums, (part, panel), codes, x, out),
                            _ => $row::<$panels>(sums, (part, panel), codes, x, out),
                        }
                    }
                    panel += wide;
                }
            }
        }

        /// Some panels of a row.
        #[target_feature(enable = $feature)]
        #[inline]
        fn $row<const WIDTH: usize>(
            sums: &Sums,
            (part, panel): (usize, usize),
            codes: &[u32],
            x: &[f32],
            out: &mut [f32],
        ) {
            use super::$module::{add, add_up, fill, load_line, rectify, scale, store};
            let rows = &sums.parts[part * sums.rows..][..sums.rows];
            let factors = &sums.factors[part * sums.plain.len()..][..sums.plain.len()];
            // Safety: lines are those of parts, and outputs as many as there are.
            unsafe {
                let mut total = [fill(0.0); WIDTH];
                for at in 0..WIDTH {
                    total[at] = load_line(&sums.base[part].0[panel + at]);
                }
                let mut first = 0;
                for block in 0..sums.blocks.len() {
                    let mut sum = [fill(0.0); WIDTH];
                    for place in first..sums.blocks[block] {
                        let row = &rows[codes[place] as usize].0;
                        for at in 0..WIDTH {
                            sum[at] = add(sum[at], load_line(&row[panel + at]));
                        }
                    }
                    for at in 0..WIDTH {
                        total[at] = add(total[at], sum[at]);
                    }
                    first = sums.blocks[block];
                }
                let mut first = 0;
                while first < factors.len() {
                    let end = factors.len().min(first + BLOCK);
                    let mut sum = [fill(0.0); WIDTH];
                    for place in first..end {
                        let x = fill(x[sums.plain[place]]);
                        for at in 0..WIDTH {
                            sum[at] = add_up(x, load_line(&factors[place].0[panel + at]), sum[at]);
                        }
                    }
                    for at in 0..WIDTH {
                        total[at] = add(total[at], sum[at]);
                    }
                    first = end;
                }
                if let Some([factors, summands]) = &sums.scale {
                    for at in 0..WIDTH {
                        let factor = load_line(&factors[part].0[panel + at]);
                        total[at] = scale(total[at], factor, load_line(&summands[part].0[panel + at]));
                    }
                }
                for at in 0..WIDTH {
                    if sums.is_rectified {
                        total[at] = rectify(total[at]);
                    }
                    if at * WIDE < out.len() {
                        let lanes = WIDE.min(out.len() - at * WIDE);
                        store(out.as_mut_ptr().add(at * WIDE), total[at], lanes);
                    }
                }
            }
        }
    };
}

with_registers!(add_avx512, row_avx512, "avx512f", avx512, 4);
with_registers!(add_avx2, row_avx2, "avx2,fma", avx2, 2);
