//! Pictures of counts, drawn by the server.

/// A bar chart 640 wide and 220 high, a label under every bar that has room for one.
pub struct Bars {
    /// The bars, from left to right.
    pub bars: Vec<Bar>,
}

/// One bar.
pub struct Bar {
    /// Its left edge.
    pub x: i64,
    /// Its top.
    pub y: i64,
    /// Its width.
    pub width: i64,
    /// Its height.
    pub height: i64,
    /// Where its label stands.
    pub middle: i64,
    /// The label under it.
    pub short: String,
    /// What it counts, in words.
    pub label: String,
    /// The count.
    pub value: i64,
    /// Whether there is room for the label.
    pub labelled: bool,
}

impl Bars {
    /// Draws counts, each with a long label for the reader and a short one under the bar.
    pub fn new(values: Vec<(String, String, i64)>) -> Self {
        const WIDTH: i64 = 640;
        const HEIGHT: i64 = 160;
        const STEP_MAX: i64 = 80;
        let count = i64::try_from(values.len()).unwrap_or(1).max(1);
        let highest = values.iter().map(|(.., value)| *value).max().unwrap_or(0).max(1);
        // A lone bar is a column, not a wall.
        let step = (WIDTH / count).clamp(1, STEP_MAX);
        let every = (count / 11).max(1);
        let bar = |(place, (label, short, value)): (i64, (String, String, i64))| {
            let height = value * HEIGHT / highest;
            let (x, width) = (place * step + 2, (step - 4).max(1));
            Bar { x, y: 24 + HEIGHT - height, width, height, middle: x + width / 2, short, label, value, labelled: place % every == 0 }
        };
        Self { bars: (0..).zip(values).map(bar).collect() }
    }
}

/// A line of a list of horizontal bars: name, count, and its share of the greatest in hundredths.
pub struct HBar {
    /// What is counted.
    pub name: String,
    /// The count.
    pub count: i64,
    /// Its share of the greatest, in hundredths.
    pub share: i64,
}

/// Draws counts as horizontal bars.
pub fn hbars(values: &[(String, i64)]) -> Vec<HBar> {
    let highest = values.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    values.iter().map(|(name, count)| HBar { name: name.clone(), count: *count, share: count * 100 / highest }).collect()
}
