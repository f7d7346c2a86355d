"""Who brought whom to a page: links between what it loads, and their closure from the visited page."""
