"""The proof that nothing was lost: what is asked of the landed tables, in which order, and what the answers tell.

Both who lands rows and who serves them ask it, each over a connection of its own; here is no connection at all. It is
no view: bounds have to reach the innermost reads, or the proof of an hour would read everything there is.
"""

from schemas.proof.answer import Difference, Proof
from schemas.proof.bounds import Bounds
from schemas.proof.questions import proving

__all__ = ["Bounds", "Difference", "Proof", "proving"]
