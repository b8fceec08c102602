"""What people type. A command parses, calls one function, and renders its result as text or JSON."""
