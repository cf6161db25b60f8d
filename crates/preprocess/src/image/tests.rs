//! The encoder as a whole.

use std::io::Cursor;

use ferrocast_engine::{Dim, Dtype, Signature, Tensor, TensorSpec};
use ferrocast_schema::{ImageChannels, ImageLayout, ImageSection, ImageSize, Normalize, Resize};
use ferrocast_testkit::{
    jpeg_of_size, jpeg_with_scans, jpeg_with_segments, lossless_frame, lossless_stream, lossy_frame, png_head, png_of,
    small_picture, webp_head, webp_of,
};
use image::{DynamicImage, ImageFormat, RgbImage};

use super::{ImageEncoder, ImageError, ImageLimits};

fn signature(dtype: Dtype, axes: &[Dim]) -> Signature {
    Signature::new(vec![TensorSpec::new("image", dtype, axes.to_vec())], vec![])
}

fn nchw(width: usize, height: usize) -> Vec<Dim> {
    vec![Dim::Batch, Dim::Fixed(3), Dim::Fixed(height), Dim::Fixed(width)]
}

fn section(width: u32, height: u32) -> ImageSection {
    ImageSection { size: ImageSize { width, height, ..ImageSize::default() }, ..ImageSection::default() }
}

/// A picture whose pixels are 10 x + y, 100 + 10 x + y, 200 + 10 x + y.
fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let pixels = RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([0, 100, 200].map(|base: u32| ((base + 10 * x + y) % 256) as u8))
    });
    let mut file = Cursor::new(Vec::new());
    DynamicImage::from(pixels).write_to(&mut file, format).unwrap();
    file.into_inner()
}

fn encoder(section: &ImageSection, dtype: Dtype, axes: &[Dim]) -> ImageEncoder {
    ImageEncoder::compile(section, &signature(dtype, axes)).unwrap()
}

#[test]
fn pixels_become_planes_of_zero_to_one() {
    let file = picture(2, 3, ImageFormat::Png);
    let tensor = encoder(&section(2, 3), Dtype::F32, &nchw(2, 3)).encode(&file, &ImageLimits::default()).unwrap();
    assert_eq!(tensor.shape(), [1, 3, 3, 2]);
    let values: Vec<f32> = [0, 10, 1, 11, 2, 12, 100, 110, 101, 111, 102, 112, 200, 210, 201, 211, 202, 212]
        .map(|pixel: u8| f32::from(pixel) / 255.0)
        .to_vec();
    assert_eq!(tensor.as_slice::<f32>(), Some(values.as_slice()));
}

#[test]
fn bytes_blue_first_and_last_axis_colour() {
    let manifest = ImageSection { layout: ImageLayout::Nhwc, channels: ImageChannels::Bgr, ..section(2, 2) };
    let axes = [Dim::Batch, Dim::Dynamic("h".into()), Dim::Fixed(2), Dim::Fixed(3)];
    let tensor = encoder(&manifest, Dtype::U8, &axes)
        .encode(&picture(2, 2, ImageFormat::WebP), &ImageLimits::default())
        .unwrap();
    assert_eq!(
        tensor,
        Tensor::from_vec(&[1, 2, 2, 3], vec![200u8, 100, 0, 210, 110, 10, 201, 101, 1, 211, 111, 11]).unwrap()
    );
}

#[test]
fn scaled_normalised_and_padded() {
    let manifest = ImageSection {
        size: ImageSize { width: 4, height: 2, resize: Resize::Fit, pad: Some([255, 127, 0]), ..ImageSize::default() },
        scale: 1.0 / 128.0,
        offset: -127.0 / 128.0,
        normalize: Normalize { mean: [0.0, 0.5, 0.0], std: [1.0, 2.0, 1.0] },
        ..ImageSection::default()
    };
    let tensor = encoder(&manifest, Dtype::F32, &nchw(4, 2))
        .encode(&picture(2, 2, ImageFormat::Png), &ImageLimits::default())
        .unwrap();
    let values = tensor.as_slice::<f32>().unwrap();
    assert_eq!(values[..4], [1.0, -127.0 / 128.0, -117.0 / 128.0, 1.0]);
    assert_eq!(values[8..12], [-0.25, (-27.0 / 128.0 - 0.5) / 2.0, (-17.0 / 128.0 - 0.5) / 2.0, -0.25]);
    assert_eq!(values[19], -127.0 / 128.0);
}

#[test]
fn what_a_model_does_not_take_is_refused_when_it_is_bound() {
    let refusal = |section: &ImageSection, dtype, axes: &[Dim]| {
        ImageEncoder::compile(section, &signature(dtype, axes)).unwrap_err().to_string()
    };
    let text = refusal(&section(224, 224), Dtype::F32, &nchw(299, 299));
    assert!(text.contains("[batch, 3, 224, 224] (NCHW), but the model takes"), "{text}");
    let text = refusal(&section(224, 224), Dtype::I64, &nchw(224, 224));
    assert!(text.contains("`image` holds INT64"), "{text}");
    let scaled = ImageSection { scale: 1.0, ..section(8, 8) };
    let text = refusal(&scaled, Dtype::U8, &nchw(8, 8));
    assert!(text.contains("remove `scale`"), "{text}");
    let two = Signature::new(vec![TensorSpec::new("a", Dtype::F32, nchw(8, 8)); 2], vec![]);
    assert!(ImageEncoder::compile(&section(8, 8), &two).unwrap_err().to_string().contains("one input"));
}

#[test]
fn what_is_no_picture_says_why() {
    let encoder = encoder(&section(8, 8), Dtype::F32, &nchw(8, 8));
    let refusal = |bytes: &[u8]| encoder.encode(bytes, &ImageLimits::default()).unwrap_err();
    assert_eq!(refusal(b""), ImageError::Empty);
    assert_eq!(refusal(b"GIF89a"), ImageError::UnknownFormat);
    assert_eq!(refusal(&picture(1, 9, ImageFormat::Png)), ImageError::Thin { width: 1, height: 9 });
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let file = picture(30, 20, format);
        for end in [13, 40, file.len() / 2, file.len() - 9] {
            assert!(matches!(refusal(&file[..end]), ImageError::Broken { .. }), "{format:?} {end}");
        }
    }
}

#[test]
fn sizes_are_checked_before_pixels() {
    let encoder = encoder(&section(8, 8), Dtype::F32, &nchw(8, 8));
    let file = picture(30, 20, ImageFormat::Png);
    let refusal = |limits: ImageLimits| encoder.encode(&file, &limits).unwrap_err();
    let limits = ImageLimits::default();
    assert!(encoder.encode(&file, &limits).is_ok());
    assert_eq!(refusal(ImageLimits { side: 29, ..limits }), ImageError::Side { width: 30, height: 20, limit: 29 });
    assert_eq!(
        refusal(ImageLimits { pixels: 599, ..limits }),
        ImageError::Pixels { width: 30, height: 20, limit: 599 }
    );
    assert!(matches!(refusal(ImageLimits { memory: 1799, ..limits }), ImageError::Memory { bytes: 1800, .. }));
    for side in [60_000, u32::MAX >> 1, u32::MAX] {
        let bomb = png_of(&[(b"IHDR", &png_head(side, side, 8, 2))]);
        assert!(matches!(encoder.encode(&bomb, &limits), Err(ImageError::Side { .. })), "{side}");
    }
}

#[test]
fn the_tables_of_a_lossless_webp_count() {
    let encoder = encoder(&section(8, 8), Dtype::F32, &nchw(8, 8));
    let limits = ImageLimits { memory: 1 << 20, ..ImageLimits::default() };
    // A set takes five tables of 4 KiB.
    let (few, many) = (40, 60);
    let plain = |sets| webp_of(&[(b"VP8L", &lossless_frame(8, 8, sets))]);
    assert!(encoder.encode(&plain(few), &limits).is_ok());
    let taken = |file: &[u8]| match encoder.encode(file, &limits) {
        Err(ImageError::Memory { bytes, .. }) => bytes,
        other => panic!("{other:?}"),
    };
    assert!((1_000_000..1_400_000).contains(&taken(&plain(many))));
    // Far more are not even counted.
    assert!(taken(&plain(9_000)) < 1_200_000);
    // What is transparent may be compressed in the same way.
    let transparent = |sets| {
        let alpha = [&[1], lossless_stream(sets).as_slice()].concat();
        webp_of(&[(b"VP8X", &webp_head(8, 8, 16)), (b"ALPH", &alpha), (b"VP8 ", &lossy_frame(8, 8))])
    };
    assert!((1_000_000..1_400_000).contains(&taken(&transparent(many))));
    assert!(encoder.encode(&transparent(few), &limits).is_ok());
}

#[test]
fn parts_that_contradict_each_other_cost_nothing() {
    let encoder = encoder(&section(8, 8), Dtype::F32, &nchw(8, 8));
    let refusal = |file: &[u8]| encoder.encode(file, &ImageLimits::default()).unwrap_err().to_string();
    let frame = lossless_frame(8000, 8000, 1);
    let text = refusal(&webp_of(&[(b"VP8X", &webp_head(8, 8, 0)), (b"VP8L", &frame)]));
    assert!(text.contains("its frame has another size"), "{text}");
    // A second frame is not looked at.
    let two = webp_of(&[(b"VP8 ", &lossy_frame(8, 8)), (b"VP8L", &frame)]);
    assert!(encoder.encode(&two, &ImageLimits::default()).is_ok());
    let mut cut = webp_of(&[(b"VP8L", &lossless_frame(8, 8, 1))]);
    cut[16] += 100;
    assert!(refusal(&cut).contains("its frame has lost its end"));
    // EXIF of four gigabytes, and of none.
    let frame = lossless_frame(8, 8, 1);
    let mut long = webp_of(&[(b"VP8X", &webp_head(8, 8, 8)), (b"VP8L", &frame), (b"EXIF", b"")]);
    let length = long.len() - 4;
    long[length..].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(encoder.encode(&long, &ImageLimits::default()).is_ok());
}

#[test]
fn a_jpeg_has_as_many_parts_as_a_picture_has() {
    let encoder = encoder(&section(8, 8), Dtype::F32, &nchw(8, 8));
    let outcome =
        |file: &[u8]| encoder.encode(file, &ImageLimits::default()).map(drop).map_err(|error| error.to_string());
    let (plain, progressive) = (small_picture("cat.jpg"), small_picture("cat_progressive.jpg"));
    // The decoder compares each of these with all before it: a name, a digest, a length and a place.
    let xmp = [b"http://ns.adobe.com/xmp/extension/\0".as_slice(), &[b'0'; 32], &[0; 8], b"<x/>"].concat();
    assert_eq!(outcome(&jpeg_with_segments(&plain, 0xe1, &xmp, 1_900)), Ok(()));
    let text = outcome(&jpeg_with_segments(&plain, 0xe1, &xmp, 2_000)).unwrap_err();
    assert!(text.contains("more segments than a picture has"), "{text}");
    assert_eq!(outcome(&jpeg_with_scans(&plain, 0)), Ok(()));
    let text = outcome(&jpeg_with_scans(&progressive, 40)).unwrap_err();
    assert!(text.contains("scans"), "{text}");
    let text = outcome(&jpeg_of_size(plain, 40, 0)).unwrap_err();
    assert!(text.contains("its head gives no size"), "{text}");
}
