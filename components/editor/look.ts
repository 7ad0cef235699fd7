// How the editor looks: the product's tokens, so that light and dark come by themselves. Rule: no literal colour.
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", backgroundColor: "var(--mw-surface)", color: "var(--mw-text)" },
  // the frame around shows the focus, above the gutter
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mw-mono)", lineHeight: "20px", overflow: "auto" },
  ".cm-content": { padding: "12px 0", caretColor: "var(--mw-text)" },
  ".cm-line": { padding: "0 12px 0 8px" },
  ".cm-cursor": { borderLeftColor: "var(--mw-text)", borderLeftWidth: "2px" },
  ".cm-gutters": { backgroundColor: "var(--mw-surface)", color: "var(--mw-text-dim)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "28px", padding: "0 4px 0 8px" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--mw-hover) 60%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--mw-text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--mw-accent-soft)",
  },
  ".cm-matchingBracket": { backgroundColor: "var(--mw-accent-soft)", outline: "1px solid var(--mw-accent)" },
  ".cm-tooltip": {
    backgroundColor: "var(--mw-raised)",
    color: "var(--mw-text)",
    border: "1px solid var(--mw-border)",
    borderRadius: "var(--mw-radius-small)",
    boxShadow: "var(--mw-shadow)",
    overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mw-mono)", fontSize: "12px", maxHeight: "240px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "4px 8px", lineHeight: "20px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    backgroundColor: "var(--mw-accent-soft)",
    color: "var(--mw-text)",
  },
  ".cm-completionDetail": { color: "var(--mw-text-dim)", fontStyle: "normal" },
  ".cm-completionInfo": { padding: "8px 12px", maxWidth: "320px", fontFamily: "var(--mantine-font-family)" },
  ".cm-help": { padding: "8px 12px", maxWidth: "360px", fontSize: "12px", lineHeight: "18px" },
  ".cm-help strong": { fontFamily: "var(--mw-mono)", fontWeight: "600" },
  ".cm-help span": { color: "var(--mw-text-dim)" },
  ".cm-diagnostic": {
    padding: "6px 10px",
    fontFamily: "var(--mantine-font-family)",
    fontSize: "12px",
    borderLeft: "none",
  },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--mw-failing-line)" },
  ".cm-diagnostic-warning": { borderLeft: "3px solid var(--mw-attention-line)" },
  ".cm-diagnostic-info": { borderLeft: "3px solid var(--mw-unmeasured-line)" },
  ".cm-lintRange-error, .cm-lintRange-warning, .cm-lintRange-info": { backgroundImage: "none" },
  ".cm-lintRange-error": { textDecoration: "underline wavy var(--mw-failing-line) 1px", textUnderlineOffset: "3px" },
  ".cm-lintRange-warning": {
    textDecoration: "underline wavy var(--mw-attention-line) 1px",
    textUnderlineOffset: "3px",
  },
  ".cm-lintRange-info": {
    textDecoration: "underline dotted var(--mw-unmeasured-line) 1px",
    textUnderlineOffset: "3px",
  },
  ".cm-gutter-lint": { width: "16px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "2px 0 0 2px" },
  ".cm-panels": { backgroundColor: "var(--mw-raised)", color: "var(--mw-text)", borderColor: "var(--mw-border)" },
  ".cm-panels input, .cm-panels button": { color: "var(--mw-text)", background: "var(--mw-surface)" },
});

const highlight = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--mw-accent-text)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--mw-text)" },
  { tag: tags.content, color: "var(--mw-text)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--mw-text-dim)", fontStyle: "italic" },
  { tag: [tags.separator, tags.punctuation, tags.squareBracket, tags.brace], color: "var(--mw-text-dim)" },
  { tag: [tags.keyword, tags.bool, tags.null, tags.labelName, tags.typeName], color: "var(--mw-series-3)" },
]);

export const look = [theme, syntaxHighlighting(highlight)];
