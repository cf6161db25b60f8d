//! Pixels to what a tensor holds.
//!
//! A pixel is one of 256 values, so all that scaling and normalising may give is computed once, in torchvision's single
//! precision and order of operations: `ToTensor` divides by 255, `Normalize` subtracts the mean and divides by the deviation.

use ferrocast_schema::{ImageChannels, ImageLayout, ImageSection, ImageSize};

use super::picture::CHANNELS;

/// Pixels to the values of a tensor.
#[derive(Debug)]
pub(super) struct Values<T> {
    /// In the order of the tensor's.
    channels: [Channel<T>; CHANNELS],
    layout: ImageLayout,
    /// What a picture leaves free: red, green, blue.
    pad: [u8; CHANNELS],
}

/// One channel of a tensor.
#[derive(Debug)]
struct Channel<T> {
    /// Which one of red, green and blue it is made of.
    colour: usize,
    /// What each of the values of that becomes.
    table: Box<[T; 256]>,
}

impl<T: Copy> Channel<T> {
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "a colour is one of three, and a byte one of 256")]
    fn of(&self, pixel: &[u8; CHANNELS]) -> T {
        self.table[usize::from(pixel[self.colour])]
    }
}

impl Values<f32> {
    /// As the manifest says.
    pub(super) fn of_floats(section: &ImageSection) -> Values<f32> {
        let plain = ImageSection::default();
        let is_unit = (section.scale, section.offset) == (plain.scale, plain.offset);
        let (scale, offset) = (section.scale as f32, section.offset as f32);
        Values::with(section, |mean, std| {
            let (mean, std) = (mean as f32, std as f32);
            move |pixel| {
                let pixel = f32::from(pixel);
                let scaled = if is_unit { pixel / 255.0 } else { pixel * scale + offset };
                (scaled - mean) / std
            }
        })
    }
}

impl Values<u8> {
    /// Pixels as they are.
    pub(super) fn of_bytes(section: &ImageSection) -> Values<u8> {
        Values::with(section, |_, _| |pixel| pixel)
    }
}

impl<T: Copy> Values<T> {
    /// `value` gives, for the mean and the deviation of a channel, what a pixel becomes.
    fn with<F: Fn(u8) -> T>(section: &ImageSection, value: impl Fn(f64, f64) -> F) -> Values<T> {
        let colours: [usize; CHANNELS] = match section.channels {
            ImageChannels::Rgb => [0, 1, 2],
            ImageChannels::Bgr => [2, 1, 0],
        };
        let [m1, m2, m3] = section.normalize.mean;
        let [s1, s2, s3] = section.normalize.std;
        let [c1, c2, c3] = colours;
        let channel = |colour, mean, std| {
            let value = value(mean, std);
            // Truncation leaves each of the 256 values as it is.
            Channel { colour, table: Box::new(std::array::from_fn(|pixel| value(pixel as u8))) }
        };
        Values {
            channels: [channel(c1, m1, s1), channel(c2, m2, s2), channel(c3, m3, s3)],
            layout: section.layout,
            pad: section.size.pad.unwrap_or_default(),
        }
    }

    /// A tensor of nothing but the colour that pictures are padded with.
    pub(super) fn padded(&self, size: &ImageSize) -> Vec<T> {
        let pixels = size.width as usize * size.height as usize;
        let colour = self.channels.each_ref().map(|channel| channel.of(&self.pad));
        match self.layout {
            ImageLayout::Nchw => {
                let mut tensor = Vec::with_capacity(pixels * CHANNELS);
                colour.iter().for_each(|&value| tensor.resize(tensor.len() + pixels, value));
                tensor
            }
            ImageLayout::Nhwc => colour.repeat(pixels),
        }
    }

    /// Writes a row of pixels into the tensor, from the given column and row on.
    pub(super) fn write_row(&self, tensor: &mut [T], size: &ImageSize, left: usize, row: usize, pixels: &[u8]) {
        let (width, height) = (size.width as usize, size.height as usize);
        let start = row * width + left;
        let (pixels, _) = pixels.as_chunks::<CHANNELS>();
        match self.layout {
            ImageLayout::Nchw => {
                for (plane, channel) in tensor.chunks_exact_mut(width * height).zip(&self.channels) {
                    for (place, pixel) in plane.get_mut(start..).unwrap_or_default().iter_mut().zip(pixels) {
                        *place = channel.of(pixel);
                    }
                }
            }
            ImageLayout::Nhwc => {
                let (places, _) = tensor.as_chunks_mut::<CHANNELS>();
                for (place, pixel) in places.get_mut(start..).unwrap_or_default().iter_mut().zip(pixels) {
                    *place = self.channels.each_ref().map(|channel| channel.of(pixel));
                }
            }
        }
    }
}
