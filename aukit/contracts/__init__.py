"""What each kind of component promises, and the records a plugin returns. Nothing here imports torch.

Shapes use the same letters everywhere: `B` clips, `T` frames, `C` channels, `H W` pixels, `h w` feature cells,
`A` action units, `N` = B·T. Intensities are float32 on the FACS scale 0-5; NaN means "not labelled", never 0.
"""
