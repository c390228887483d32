/** Texts that became script, markup or another order of letters somewhere (C7, C8). */
export const SCRIPT_TEXTS: readonly string[] = [
  '<script>globalThis.hit=1</script>',
  '<img src=x onerror="globalThis.hit=1">',
  '<svg/onload=globalThis.hit=1>',
  '"><iframe srcdoc="<script>parent.hit=1</script>">',
  '<a href="javascript:globalThis.hit=1">x</a>',
  'javascript:globalThis.hit=1',
  '</p></li><style>*{display:none}</style>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=hit=1&gt;">',
  '{{constructor.constructor("hit=1")()}}',
  '$\u007bglobalThis.hit=1}',
  '<base href="https://evil.example/">',
  '<link rel="stylesheet" href="https://evil.example/a.css">',
  '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
  '<form action="https://evil.example/"><button>ok</button></form>',
  '&lt;script&gt;hit=1&lt;/script&gt;',
  '__proto__',
]

/** Marks that turn what follows around: override, embedding, isolate left open. */
export const TURNING_TEXTS: readonly string[] = [
  '\u202eevil.exe',
  'abc\u202b\u2067def',
  'שלום 123 abc',
  'عمر (42)',
]
