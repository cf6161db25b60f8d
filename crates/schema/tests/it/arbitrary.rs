//! Manifests that nobody would write but anybody could.

use ferrocast_schema::{
    Activation, CacheSection, ClassValue, Encode, ExtraFields, Feature, FeatureType, Filter, ImageChannels,
    ImageLayout, ImageSection, ImageSize, InputBinding, Manifest, Normalize, Range, Resize, Scale, ServingMode,
    ServingSection, Task, Value, VersionPolicy, Warmup,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;

/// Text with everything in it that a format could trip over.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_]{1,12}",
        ".{1,20}",
        prop::sample::select(vec![
            "a\"b",
            "a\\b",
            "line\nbreak",
            "tab\t",
            "'''",
            "\"\"\"",
            "#",
            "é€😀",
            "\u{7f}",
            "a = 1",
            "[x]"
        ])
        .prop_map(str::to_owned),
    ]
    .prop_filter("a name is not blank", |text| !text.trim().is_empty())
}

fn word<T: Copy + std::fmt::Debug + 'static, const N: usize>(all: [(&'static str, T); N]) -> impl Strategy<Value = T> {
    prop::sample::select(all.to_vec()).prop_map(|(_, value)| value)
}

fn range() -> impl Strategy<Value = Range> {
    (option::of(-1e6..0.0), option::of(0.001..1e6), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(lower, upper, open_below, open_above, whole)| {
            let bound = |value: f64| if whole { value.round() } else { value };
            let (lower, upper) = (lower.map(bound), upper.map(|upper| bound(upper).max(3.0)));
            Range {
                gt: lower.filter(|_| open_below),
                ge: lower.filter(|_| !open_below),
                lt: upper.filter(|_| open_above),
                le: upper.filter(|_| !open_above),
            }
        },
    )
}

fn scale() -> impl Strategy<Value = Scale> {
    let span = 1e-9..1e9;
    prop_oneof![
        Just(Scale::None),
        (-1e9..1e9, span.clone()).prop_map(|(mean, std)| Scale::Standard { mean, std }),
        (-1e3..1e3, 1e-3..1e9).prop_map(|(min, span)| Scale::MinMax { min, max: min + span }),
        (-1e9..1e9, span).prop_map(|(median, iqr)| Scale::Robust { median, iqr }),
    ]
}

fn number_feature() -> impl Strategy<Value = Feature> {
    (any::<bool>(), range(), scale(), vec(1_usize..4, 0..3), option::of(0.001..1.0)).prop_map(
        |(is_int, range, scale, shape, impute)| {
            let kind = if is_int { FeatureType::Int } else { FeatureType::Float };
            let whole = |bound: Option<f64>| bound.map(|bound| if is_int { bound.round() } else { bound });
            let range = Range { gt: whole(range.gt), ge: whole(range.ge), lt: whole(range.lt), le: whole(range.le) };
            Feature { range, scale, shape, impute: impute.map(Value::from), ..Feature::new("", kind) }
        },
    )
}

fn category_feature() -> impl Strategy<Value = Feature> {
    let texts = btree_set(text(), 1..6).prop_map(|all| all.into_iter().collect::<Vec<_>>());
    let ints = btree_set(any::<i64>(), 1..6).prop_map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>());
    let categories = prop_oneof![
        texts.prop_map(|categories| (FeatureType::String, categories)),
        ints.prop_map(|categories| (FeatureType::Int, categories)),
    ];
    (categories, btree_map(text(), any::<prop::sample::Index>(), 0..3), word(Encode::ALL), any::<bool>()).prop_map(
        |((kind, categories), aliases, encode, has_default)| {
            let category_aliases = aliases
                .into_iter()
                .filter(|(alias, _)| !categories.contains(alias))
                .map(|(alias, index)| (alias, index.get(&categories).clone()))
                .collect();
            let default = has_default.then(|| Value::from(categories[0].as_str()));
            Feature { categories, category_aliases, encode, default, ..Feature::new("", kind) }
        },
    )
}

fn plain_feature() -> impl Strategy<Value = Feature> {
    prop_oneof![
        option::of(any::<bool>())
            .prop_map(|default| Feature { default: default.map(Value::from), ..Feature::new("", FeatureType::Bool) }),
        option::of(text())
            .prop_map(|example| Feature { example: example.map(Value::from), ..Feature::new("", FeatureType::String) }),
        prop::sample::select(vec!["^(A|B|C)$", "[0-9]+", "^[a-z]*$", r"\d{3}", "."])
            .prop_map(|pattern| Feature { pattern: Some(pattern.to_owned()), ..Feature::new("", FeatureType::String) }),
    ]
}

fn feature() -> impl Strategy<Value = Feature> {
    let kinds = prop_oneof![number_feature(), category_feature(), plain_feature()];
    (kinds, option::of(text()), any::<bool>(), any::<bool>())
        .prop_map(|(feature, description, required, nullable)| Feature { description, required, nullable, ..feature })
}

/// Features with names and aliases, no two the same.
pub(crate) fn features() -> impl Strategy<Value = Vec<Feature>> {
    (vec(feature(), 0..6), btree_set(text(), 12)).prop_map(|(mut features, names)| {
        let mut names = names.into_iter();
        for feature in &mut features {
            feature.name = names.next().unwrap();
        }
        for feature in features.iter_mut().step_by(2) {
            feature.aliases = names.next().into_iter().collect();
        }
        features
    })
}

/// Manifests that are consistent.
pub(crate) fn manifest() -> impl Strategy<Value = Manifest> {
    let head = (word(Task::ALL), option::of(text()), word(ExtraFields::ALL), features());
    let output = (word(Activation::ALL), option::of(text()), btree_set(any::<i64>(), 0..4), any::<bool>());
    let rows = (option::of(1_usize..500), option::of(1_usize..5000));
    let serving = (word(ServingMode::ALL), rows, 0_u64..1000, option::of(1_usize..9), word(Warmup::ALL));
    let size = (1_u32..500, 1_u32..500, word(Resize::ALL), any::<bool>(), word(Filter::ALL));
    let values = (word(ImageLayout::ALL), word(ImageChannels::ALL), 0.1..2.0);
    let image = (size, values, option::of(0.0..1.0));
    let versions = prop_oneof![
        Just(VersionPolicy::All),
        (1_usize..9).prop_map(VersionPolicy::Latest),
        vec("[a-z0-9]{1,4}", 1..4).prop_map(VersionPolicy::Only),
    ];
    (head, output, serving, image, versions).prop_map(|(head, output, serving, image, versions)| {
        let (task, summary, extra_fields, features) = head;
        let mut manifest = Manifest { summary, extra_fields, features, ..Manifest::new(task) };
        let names: Vec<String> = manifest.features.iter().map(|feature| feature.name.clone()).collect();
        let (apply, tensor, classes, named) = output;
        if names.is_empty() {
            let ((width, height, resize, explicit, filter), (layout, channels, std), threshold) = image;
            let shorter_side = (explicit && resize == Resize::ShorterSide).then_some(width.max(height) + 3);
            let pad = (explicit && resize == Resize::Fit).then_some([0, 114, 255]);
            let size = ImageSize { width, height, resize, shorter_side, filter, pad };
            let normalize = Normalize { mean: [std / 2.0, 0.0, 1.0], std: [std; 3] };
            manifest.task = Task::ImageClassification;
            manifest.image = Some(ImageSection { size, layout, channels, scale: std, offset: -std, normalize });
            manifest.output.threshold = threshold.filter(|_| apply != Activation::Softmax);
        } else {
            manifest.inputs = vec![InputBinding { tensor: "x".to_owned(), features: names }];
            if manifest.task == Task::ImageClassification {
                manifest.task = Task::Classification;
            }
        }
        manifest.output.apply = apply;
        manifest.output.tensor = tensor;
        manifest.output.classes = classes
            .iter()
            .map(|class| if named { ClassValue::Str(format!("c{class}").into()) } else { ClassValue::Int(*class) })
            .collect();
        manifest.output.labels = classes.iter().map(|class| format!("label {class}")).collect();
        let (mode, (max_batch_rows, max_queue_rows), max_delay_us, threads, warmup) = serving;
        manifest.serving = ServingSection { mode, max_batch_rows, max_queue_rows, max_delay_us, threads, warmup };
        manifest.cache = threads.map(|threads| CacheSection { ttl: threads as u64 });
        manifest.versions = versions;
        manifest
    })
}
