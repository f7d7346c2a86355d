"""The body of a script as people read it: laid out, coloured, with its calls at their lines."""
