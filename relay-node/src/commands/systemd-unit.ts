import { RelayError } from '../errors.ts'

/**
 * A unit that leaves the relay what it needs and nothing else: `systemd-analyze security` says at most
 * 1.5 of 10 (RLY-86). MemoryDenyWriteExecute cannot be: V8 makes code while it runs. AF_NETLINK is how
 * a program asks for the addresses of the machine.
 */
export function systemdUnit({
  node,
  program,
  run,
}: {
  readonly node: string
  readonly program: string
  /** Flags for `kith-relay run`. */
  readonly run: readonly string[]
}): string {
  const words = [node, program, 'run', '--log', ...run].map(quoted)
  return `[Unit]
Description=Kithmesh relay
Documentation=https://www.npmjs.com/package/kith-relay
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
ExecStart=${words.join(' ')}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=2
TimeoutStopSec=30
Environment=KITH_RELAY_HOME=/var/lib/kith-relay NODE_ENV=production
WorkingDirectory=/var/lib/kith-relay
DynamicUser=yes
StateDirectory=kith-relay
StateDirectoryMode=0700
CacheDirectory=kith-relay
CacheDirectoryMode=0700
UMask=0077
CapabilityBoundingSet=
AmbientCapabilities=
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
PrivateIPC=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
ProcSubset=pid
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
DevicePolicy=closed
MemoryMax=1G
TasksMax=64
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`
}

/** systemd.syntax(7): a word in quotes, with what it would read as more escaped. */
function quoted(word: string): string {
  if (/[\n\r\0]/.test(word)) throw new RelayError('ERR_USAGE', 'A flag with a line break in it')
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /^[\w./:=@%$+,-]+$/.test(escaped) ? escaped : `"${escaped.replace(/["\\]/g, '\\$&')}"`
}
