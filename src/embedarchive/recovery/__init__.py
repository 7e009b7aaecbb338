"""What others still hold of posts that are gone: what archives are asked, and what their answers say. Pure."""
