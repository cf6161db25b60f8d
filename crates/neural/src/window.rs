//! What a convolution or a pool sees of a picture for each of its results.

use tract_onnx::tract_core::ops::cnn::PoolSpec;
use tract_onnx::tract_core::ops::nn::DataFormat;

use crate::lane::Shape;

/// One axis of a [`Window`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    /// Zeros in front of the picture. What is behind it follows from the number of results.
    pub(crate) before: usize,
    pub(crate) input: usize,
    pub(crate) output: usize,
}

impl Axis {
    /// Where the kernel's first tap looks for the result at `output`; wraps to a huge number in front of the picture.
    #[inline(always)]
    pub(crate) fn start(&self, output: usize) -> usize {
        (output * self.stride).wrapping_sub(self.before)
    }

    /// Where in the picture tap `tap` looks for the result at `output`, unless it is beside it.
    #[inline(always)]
    pub(crate) fn source(&self, output: usize, tap: usize) -> Option<usize> {
        let source = self.start(output).wrapping_add(tap * self.dilation);
        (source < self.input).then_some(source)
    }

    /// Whether no tap looks beside the picture for any of `count` results from `first` on, be there so many or not.
    #[inline(always)]
    pub(crate) fn is_inside(&self, first: usize, count: usize) -> bool {
        let last = (first + count - 1) * self.stride + (self.kernel - 1) * self.dilation;
        first * self.stride >= self.before && last < self.input + self.before
    }

    fn is_plain(&self) -> bool {
        self.kernel == 1 && self.stride == 1 && self.before == 0 && self.input == self.output
    }
}

/// Rows first, then columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) down: Axis,
    pub(crate) across: Axis,
}

impl Window {
    /// The window of an operator over pictures of that shape, and the shape of its results.
    pub(crate) fn of(spec: &PoolSpec, input: Shape) -> Option<(Window, Shape)> {
        let (strides, dilations) = (spec.strides(), spec.dilations());
        let &[kernel_down, kernel_across] = spec.kernel_shape.as_slice() else { return None };
        let (&[stride_down, stride_across], &[dilation_down, dilation_across]) = (strides.as_ref(), dilations.as_ref())
        else {
            return None;
        };
        let sizes = [kernel_down, kernel_across, stride_down, stride_across, dilation_down, dilation_across];
        // Far beyond any model, and small enough for all that is computed of them.
        let sane = |size: usize| (1..1 << 24).contains(&size);
        if spec.data_format != DataFormat::NCHW || spec.input_channels != input.channels {
            return None;
        }
        if !sizes.into_iter().chain([input.height, input.width]).all(sane) {
            return None;
        }
        let computed = spec.computed_padding(&[input.height, input.width]);
        let [down, across] = computed.as_slice() else { return None };
        let output = Shape::new(spec.output_channels, down.convoluted, across.convoluted)?;
        if !sane(down.pad_before + 1) || !sane(across.pad_before + 1) || !sane(output.height) || !sane(output.width) {
            return None;
        }
        let down = Axis {
            kernel: kernel_down,
            stride: stride_down,
            dilation: dilation_down,
            before: down.pad_before,
            input: input.height,
            output: output.height,
        };
        let across = Axis {
            kernel: kernel_across,
            stride: stride_across,
            dilation: dilation_across,
            before: across.pad_before,
            input: input.width,
            output: output.width,
        };
        Some((Window { down, across }, output))
    }

    /// Weights of a channel.
    pub(crate) fn taps(&self) -> usize {
        self.down.kernel * self.across.kernel
    }

    /// Whether each result is of one pixel, that in the same place.
    pub(crate) fn is_one_pixel(&self) -> bool {
        self.down.is_plain() && self.across.is_plain()
    }
}
