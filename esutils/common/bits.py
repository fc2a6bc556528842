"""A machine instruction that Numba does not offer."""

from numba.extending import intrinsic


@intrinsic
def count_bits(typing_context, bits):
    """Return how many bits of an unsigned number are set."""

    def generate(context, builder, signature, args):
        return builder.ctpop(args[0])

    return bits(bits), generate
