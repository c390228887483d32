import type { Counters } from '../counters.ts'
import type { RelayStatus } from './status.ts'

/**
 * The figures in the text format of Prometheus
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Sums only: no label names a peer
 * or an address (rule RLY-16).
 */
export function metricsText(status: RelayStatus, counters: Counters): string {
  const refusals = Object.entries(counters.refusals).map(
    ([reason, count]) => `kith_relay_refusals_total{reason="${reason}"} ${count}`,
  )
  return [
    ...gauge('kith_relay_up_seconds', 'Seconds since the start', Math.floor(status.uptime / 1000)),
    ...gauge('kith_relay_reservations', 'Reservations standing now', status.reservations),
    ...gauge('kith_relay_circuits', 'Circuits open now', status.circuits),
    ...gauge('kith_relay_splices', 'Of these, spliced roads', status.splices),
    ...gauge('kith_relay_connections', 'Connections open now', status.connections),
    ...gauge('kith_relay_buffered_bytes', 'Bytes on their way now', status.bufferedBytes),
    ...counter('kith_relay_forwarded_bytes_total', 'Bytes forwarded', counters.bytes),
    ...counter(
      'kith_relay_reservations_total',
      'Reservations granted or extended',
      counters.reservationsGranted,
    ),
    ...counter('kith_relay_circuits_total', 'Circuits opened', counters.circuitsOpened),
    ...counter('kith_relay_splices_total', 'Of these, spliced roads', counters.splicesOpened),
    ...counter('kith_relay_stun_answers_total', 'STUN requests answered', counters.stunAnswered),
    ...gauge('kith_relay_ready', '1 while it serves', status.ready ? 1 : 0),
    ...gauge('kith_relay_month_bytes', 'Bytes forwarded this month', status.monthBytes),
    ...counter('kith_relay_turned_away_total', 'Connections refused', counters.turnedAway),
    ...counter('kith_relay_floods_total', 'Connections cut off for flooding', counters.floods),
    ...head('kith_relay_refusals_total', 'counter', 'Requests refused'),
    ...refusals,
    '',
  ].join('\n')
}

function gauge(name: string, help: string, value: number): readonly string[] {
  return [...head(name, 'gauge', help), `${name} ${value}`]
}

function counter(name: string, help: string, value: number): readonly string[] {
  return [...head(name, 'counter', help), `${name} ${value}`]
}

function head(name: string, type: 'counter' | 'gauge', help: string): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
}
