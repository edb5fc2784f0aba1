// @ts-check
// What has run scripts in other pages: markup, addresses, style, and ways out of all of them.
export const payloads = [
  '<script>window.__ran = 1</script>',
  '<img src=x onerror="window.__ran = 1">',
  '<svg onload="window.__ran = 1"></svg>',
  '<svg><script>window.__ran = 1</script></svg>',
  '<iframe srcdoc="<script>parent.__ran = 1</script>"></iframe>',
  '"><script>window.__ran = 1</script>',
  "' onmouseover='window.__ran = 1",
  'javascript:window.__ran=1',
  'https://example.org/"onmouseover="window.__ran=1',
  'https://example.org/javascript:window.__ran=1',
  'data:text/html,<script>window.__ran = 1</script>',
  '{{constructor.constructor("window.__ran = 1")()}}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is one of the payloads.
  '${window.__ran = 1}',
  '<math><mtext><table><mglyph><style><img src=x onerror=window.__ran=1>',
  '<a href="javascript:window.__ran = 1">here</a>',
  '\u202e<script>window.__ran = 1</script>',
  '__proto__',
];
