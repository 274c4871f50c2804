"""From the text of a plan to frozen values, with a line and column for everything wrong."""

from runner.plan.excerpt import excerpt
from runner.plan.loading import load, load_all, problems_of
from runner.plan.model import Instruction, Mark, Mode, Plan

__all__ = ["Instruction", "Mark", "Mode", "Plan", "excerpt", "load", "load_all", "problems_of"]
