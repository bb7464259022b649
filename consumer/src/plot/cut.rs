//! How much of a figure is drawn, so that the picture has a size: what is left out is told.

use super::{Figure, Layer, Panel};

/// Panels of a picture, at most: more would be neither looked at nor opened.
pub const PANELS: usize = 48;
/// Layers and uprights of a panel, and of a figure, at most.
const LAYERS: (usize, usize) = (60, 600);
const UPRIGHTS: (usize, usize) = (400, 4000);

/// As many panels and layers as a picture has room for, and how many panels and layers are left out.
pub fn cut(figure: &Figure) -> Option<Figure> {
    let too_many = figure.panels.len() > PANELS;
    let panels = figure.panels.len().clamp(1, PANELS);
    let [layers, uprights] = [LAYERS, UPRIGHTS].map(|(each, all)| each.min(all / panels));
    let fits = |panel: &Panel| {
        let uprights_here = panel
            .layers
            .iter()
            .filter(|layer| is_upright(layer))
            .count();
        uprights_here <= uprights && panel.layers.len() - uprights_here <= layers
    };
    if !too_many && figure.panels.iter().all(fits) {
        return None;
    }
    let mut cut = Figure {
        title: figure.title.clone(),
        panels: figure.panels.iter().take(PANELS).cloned().collect(),
    };
    for panel in &mut cut.panels {
        let all = panel.layers.len();
        let (mut upright, mut other) = (0, 0);
        panel.layers.retain(|layer| {
            let (count, most) = match is_upright(layer) {
                true => (&mut upright, uprights),
                false => (&mut other, layers),
            };
            *count += 1;
            *count <= most
        });
        if panel.layers.len() < all {
            let left_out = all - panel.layers.len();
            panel
                .notes
                .insert(0, format!("{left_out} more than can be drawn are left out"));
        }
    }
    if let (true, Some(last)) = (too_many, cut.panels.last_mut()) {
        let left_out = figure.panels.len() - PANELS;
        last.notes.insert(0, format!(
            "{left_out} more panels are left out: a picture has {PANELS} at most; choose with --field"
        ));
    }
    Some(cut)
}

/// That so many fields have no panel.
pub fn not_drawn(fields: usize) -> String {
    let fields = match fields {
        1 => "1 more field is".to_owned(),
        more => format!("{more} more fields are"),
    };
    format!("{fields} not drawn: choose with --field")
}

fn is_upright(layer: &Layer) -> bool {
    matches!(layer, Layer::Upright(..))
}
