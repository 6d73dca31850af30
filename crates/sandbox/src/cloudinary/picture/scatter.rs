//! Things strewn about: the same each time, and not in rows.

use super::canvas::Point;

/// Points in a rectangle, about one in each cell of this size, each with a number of its own.
#[must_use]
pub fn scatter((x, y): Point, (width, height): Point, cell: Point) -> Vec<(i32, Point)> {
    let (columns, rows) = (width / cell.0.max(1), height / cell.1.max(1));
    (0..columns * rows)
        .map(|number| {
            let corner = (number % columns * cell.0, number / columns * cell.1);
            let (right, down) = (noise(number * 2, cell.0), noise(number * 2 + 1, cell.1));
            (
                noise(number, 1_000),
                (x + corner.0 + right, y + corner.1 + down),
            )
        })
        .collect()
}

/// A number from 0 to below `limit` that looks unrelated to its neighbours'.
fn noise(seed: i32, limit: i32) -> i32 {
    let mut bits = seed.unsigned_abs().wrapping_mul(0x9E37_79B1);
    bits = (bits ^ (bits >> 15)).wrapping_mul(0x85EB_CA77);
    bits ^= bits >> 13;
    i32::try_from(bits % limit.max(1).unsigned_abs()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_its_point() {
        let points = scatter((100, 50), (40, 30), (10, 10));
        assert_eq!(points.len(), 12);
        assert!(points.iter().all(|(number, (x, y))| {
            (0..1_000).contains(number) && (100..140).contains(x) && (50..80).contains(y)
        }));
        assert_eq!(points, scatter((100, 50), (40, 30), (10, 10)));
        assert!(scatter((0, 0), (5, 5), (10, 10)).is_empty());
    }
}
