// The import rule of docs/architecture.md: imports point downward only, protocols never see each other, and
// implementations of store, blobs and bus see only their own interface and what is below it.
const PROTOCOLS = ['imap', 'pop3', 'smtp', 'http']
const above = {
  kit: ['model', 'mime', 'imap', 'pop3', 'smtp', 'http', 'store', 'blobs', 'bus', 'mail', 'config', 'cli'],
  model: ['mime', 'imap', 'pop3', 'smtp', 'http', 'store', 'blobs', 'bus', 'mail', 'config', 'cli'],
  mime: ['imap/(?!wire)', 'pop3', 'smtp', 'http', 'store', 'blobs', 'bus', 'mail', 'config', 'cli'],
  'imap/wire': [
    'mime',
    'imap/(?!wire)',
    'pop3',
    'smtp',
    'http',
    'store',
    'blobs',
    'bus',
    'mail',
    'config',
    'cli',
  ],
  store: ['imap/(?!wire)', 'pop3', 'smtp', 'http', 'blobs', 'bus', 'mail', 'config', 'cli'],
  blobs: ['imap/(?!wire)', 'pop3', 'smtp', 'http', 'store', 'bus', 'mail', 'config', 'cli'],
  bus: ['imap/(?!wire)', 'pop3', 'smtp', 'http', 'store', 'blobs', 'mail', 'config', 'cli'],
  mail: ['imap/(?!wire)', 'pop3', 'smtp', 'http', 'config', 'cli'],
  config: ['mime', 'imap', 'pop3', 'smtp', 'http', 'store', 'blobs', 'bus', 'mail', 'cli'],
}

const downward = Object.entries(above).map(([room, rooms]) => ({
  name: `downward-${room.replace('/', '-')}`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  // The closed set of store errors may be seen by all that store or use what is stored.
  to: { path: `^src/(${rooms.join('|')})/?`, pathNot: '^src/store/errors\\.ts$' },
}))

const apart = PROTOCOLS.map((room) => ({
  name: `protocol-${room}`,
  severity: 'error',
  from: { path: `^src/${room}/(?!wire)` },
  to: {
    path: `^src/((${PROTOCOLS.filter((other) => other !== room).join('|')})/|store/|blobs/|bus/|config/|cli/)`,
    // A protocol maps the closed set of store errors to its own terms.
    pathNot: '^src/store/errors\\.ts$',
  },
}))

const implementations = ['store', 'blobs', 'bus'].map((room) => ({
  name: `implementation-${room}`,
  severity: 'error',
  from: { path: `^src/${room}/(?!contract/)([^/]+)/` },
  to: { path: `^src/${room}/([^/]+)/`, pathNot: `^src/${room}/($1|contract)/` },
}))

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'only-main-composes',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/main\\.ts$', '\\.test\\.ts$', '^src/(store|blobs|bus|kit)/'] },
      to: { path: '^src/((store|blobs)/(sqlite|mongo|gridfs|filesystem|s3)/|bus/(local|redis)/)' },
    },
    { name: 'nobody-imports-main', severity: 'error', from: {}, to: { path: '^src/main\\.ts$' } },
    ...downward,
    ...apart,
    ...implementations,
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  },
}
