"""Pages laid out from a briefing: PDF, HTML, Markdown, DOCX and text for a terminal."""
