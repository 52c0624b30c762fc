//! Pictures of counts, drawn by the server.

/// A bar chart 640 wide and 220 high, a label under every bar that has room for one.
pub(crate) struct Bars {
    pub(crate) bars: Vec<Bar>,
}

/// One bar.
pub(crate) struct Bar {
    pub(crate) x: i64,
    pub(crate) y: i64,
    pub(crate) width: i64,
    pub(crate) height: i64,
    pub(crate) middle: i64,
    pub(crate) short: String,
    pub(crate) label: String,
    pub(crate) value: i64,
    pub(crate) labelled: bool,
}

impl Bars {
    /// Draws counts, each with a long label for the reader and a short one under the bar.
    pub(crate) fn new(values: Vec<(String, String, i64)>) -> Self {
        const WIDTH: i64 = 640;
        const HEIGHT: i64 = 160;
        let count = i64::try_from(values.len()).unwrap_or(1).max(1);
        let highest = values.iter().map(|(.., value)| *value).max().unwrap_or(0).max(1);
        let step = (WIDTH / count).max(1);
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
pub(crate) struct HBar {
    pub(crate) name: String,
    pub(crate) count: i64,
    pub(crate) share: i64,
}

/// Draws counts as horizontal bars.
pub(crate) fn hbars(values: &[(String, i64)]) -> Vec<HBar> {
    let highest = values.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    values.iter().map(|(name, count)| HBar { name: name.clone(), count: *count, share: count * 100 / highest }).collect()
}
