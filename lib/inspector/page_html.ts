/** The page. What it shows is put in by its script, as text. */
export const PAGE: string = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Synod</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="inspector.css">
<script type="module" src="inspector.js"></script>
</head>
<body>
<header>
  <div class="brand">
    <svg viewBox="0 0 24 24" width="26" height="26" aria-hidden="true"><circle cx="12" cy="4.5" r="3"/><circle cx="4.5" cy="18" r="3"/><circle cx="19.5" cy="18" r="3"/><path d="M10.6 7.2 5.9 15.3M13.4 7.2l4.7 8.1M7.5 18h9"/></svg>
    <div><h1 id="node">Synod</h1><p id="subtitle">connecting…</p></div>
  </div>
  <form id="search" role="search">
    <input id="query" type="search" autocomplete="off" spellcheck="false" maxlength="4000"
      placeholder="Why is this lock not free?  Its key" aria-label="Key of a lock to explain">
    <kbd aria-hidden="true">/</kbd>
  </form>
  <span id="quorum" class="pill" role="status">…</span>
  <button id="theme" type="button" class="quiet" aria-label="Light or dark">◐</button>
</header>
<div id="problem" role="alert" hidden></div>
<section id="explanation" aria-label="Explanation" aria-live="polite" hidden></section>
<div id="tabs" role="tablist" aria-label="Views"></div>
<main id="view" role="tabpanel" tabindex="-1"></main>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
`;
