"""Show a page before its scripts run: defer them, and put the sliders' frames last."""

STATE = "application/vnd.jupyter.widget-state+json"
NOW = "documentation_options.js"  # a short script that inline scripts need at once


def scripts_last(app, pagename, templatename, context, doctree):
    """Defer every script file, and move the frames of the sliders behind the text."""
    if pagename == "search":  # scripts produce everything it shows
        return
    scripts = []
    for script in context["script_files"]:
        attributes = getattr(script, "attributes", {})
        if attributes.get("type") == STATE:
            context["body"] += f'<script type="{STATE}">{attributes["body"]}</script>'
        elif getattr(script, "filename", None) and NOW not in str(script.filename):
            # All pages share the old object, so make a new one.
            deferred = {**attributes, "defer": "defer"}
            scripts.append(type(script)(script.filename, priority=script.priority, **deferred))
        else:
            scripts.append(script)
    context["script_files"] = scripts


def setup(app):
    """Act after the extensions that add scripts."""
    app.connect("html-page-context", scripts_last, priority=900)
    return {"parallel_read_safe": True}
