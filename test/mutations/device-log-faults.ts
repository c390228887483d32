/** Single faults in the rules of the device log, each of which some check must catch. */

/** One piece of a source file, and what is put in its place. */
export interface Fault {
  readonly name: string
  /** In packages/protocol/src/identity. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly from: string
  readonly to: string
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'anybody may revoke',
    file: 'log-tree.ts',
    from: 'revocations.some(({ author }) => place.ancestors.includes(author))',
    to: 'revocations.length > 0',
  },
  {
    name: 'what a revoked device wrote still counts',
    file: 'log-tree.ts',
    from: 'tree.revoked.push(place)\n',
    to: 'tree.revoked.push(place)\n      queue.push(...readChain(tree, place, source))\n',
  },
  {
    name: 'a revoke that does not count is in the head',
    file: 'log-tree.ts',
    from: 'if (place.ancestors.includes(author)) tree.decisive.add(id)\n',
    to: 'tree.decisive.add(id)\n      if (place.ancestors.includes(author)) continue\n',
  },
  {
    name: 'adds of a copied device count',
    file: 'log-tree.ts',
    from: "if (forked) return 'ERR_ENTRY_FORK'\n",
    to: '',
  },
  {
    name: 'a fork voids only its two entries',
    file: 'log-tree.ts',
    from: 'const forked = branch.forked || next.length > 1',
    to: 'const forked = next.length > 1',
  },
  {
    name: 'a fork voids only what follows it',
    file: 'log-tree.ts',
    from: 'readEntryOf(tree, { place, entry, forked })',
    to: 'readEntryOf(tree, { place, entry, forked: branch.forked })',
  },
  {
    name: 'readmits of a copied device count',
    file: 'log-tree.ts',
    from: "if (reading.forked) tree.faults.set(id, 'ERR_ENTRY_FORK')\n      else tree",
    to: 'tree',
  },
  {
    name: 'a fork is not in the head',
    file: 'log-tree.ts',
    from: 'tree.decisive.add(one.id).add(other.id)\n',
    to: '',
  },
  {
    name: 'everybody may link',
    file: 'log-tree.ts',
    from: "if (!place.rights.link) return 'ERR_ENTRY_RIGHT'\n",
    to: '',
  },
  {
    name: 'a device may take in one above it',
    file: 'log-tree.ts',
    from: 'const elders = [place, ...place.ancestors]',
    to: 'const elders = [place]',
  },
  {
    name: 'a device may take in itself',
    file: 'log-tree.ts',
    from: 'const elders = [place, ...place.ancestors]',
    to: 'const elders = place.ancestors',
  },
  {
    name: 'a tree of any depth',
    file: 'log-tree.ts',
    from: "if (place.ancestors.length >= MAX_DEPTH) return 'ERR_LOG_LIMIT'\n",
    to: '',
  },
  {
    name: 'a guest outlives its host',
    file: 'log-tree.ts',
    from: '[parent.expiresAt, body.expiresAt]',
    to: '[body.expiresAt]',
  },
  {
    name: 'history is had sooner through a child',
    file: 'log-tree.ts',
    from: 'Math.max(parent.historyAt, body.historyAt)',
    to: 'body.historyAt',
  },
  {
    name: 'the first device can be suspended',
    file: 'log-suspension.ts',
    from: 'place !== first && ',
    to: '',
  },
  {
    name: 'a device suspends one above it',
    file: 'log-suspension.ts',
    from: 'place !== first && !author.ancestors.some(({ device }) => device === place.device)',
    to: 'place !== first',
  },
  {
    name: 'a device suspends another place of one above it',
    file: 'log-suspension.ts',
    from: '!author.ancestors.some(({ device }) => device === place.device)',
    to: '!author.ancestors.includes(place)',
  },
  {
    name: 'a readmit answers everything',
    file: 'log-suspension.ts',
    from: 'if (answers.get(place)?.has(id)) return',
    to: 'if (answers.has(place)) return',
  },
  {
    name: 'anybody may readmit',
    file: 'log-suspension.ts',
    from: 'if (place.ancestors.includes(author)) addAnswers',
    to: 'addAnswers',
  },
  {
    name: 'an answer holds for every place',
    file: 'log-suspension.ts',
    from: 'if (answers.get(place)?.has(id)) return',
    to: 'if ([...answers.values()].some((ids) => ids.has(id))) return',
  },
  {
    name: 'a revoke spares the other places of the key',
    file: 'log-suspension.ts',
    from: 'if (left.length > 0) open.set(place, others ? [...others, ...left] : left)\n',
    to: '',
  },
  {
    name: 'suspends and readmits are not in the head',
    file: 'log-suspension.ts',
    from: 'if (counts) decisive.add(id)\n    else faults',
    to: 'if (!counts) faults',
  },
  {
    name: 'what hangs below a suspended device stays in',
    file: 'log-standing.ts',
    from: 'open.has(place) || place.ancestors.some((ancestor) => open.has(ancestor))',
    to: 'open.has(place)',
  },
  {
    name: 'nine devices',
    file: 'log-standing.ts',
    from: 'MAX_DEVICES_IN = 8',
    to: 'MAX_DEVICES_IN = 9',
  },
  {
    name: 'a parent has all its children in before the next one has any',
    file: 'log-standing.ts',
    from: 'return nthA - nthB || parentA - parentB',
    to: 'return parentA - parentB || nthA - nthB',
  },
  {
    name: 'the lowest recovery wins',
    file: 'log-pool.ts',
    from: 'b.body.number - a.body.number',
    to: 'a.body.number - b.body.number',
  },
  {
    name: 'of two recoveries the one that came first wins',
    file: 'log-pool.ts',
    from: 'b.body.number - a.body.number || byId(a, b)',
    to: 'b.body.number - a.body.number || byId(b, a)',
  },
  {
    name: 'a recovery needs no root',
    file: 'log-period.ts',
    from: 'body.prev === genesis.id && pool.isGenuine(id)',
    to: 'body.prev === genesis.id',
  },
  {
    name: 'a recovery ends nothing',
    file: 'log-period.ts',
    from: 'if (winner === undefined) return firstPeriod(genesis)',
    to: 'if (winner === undefined || consents.length === 0) return firstPeriod(genesis)',
  },
  {
    name: 'a recovery keeps devices that never agreed',
    file: 'log-period.ts',
    from: '.filter((_, at) => consents[at] !== undefined)',
    to: '',
  },
  {
    name: 'the head names the agreement',
    file: 'log-period.ts',
    from: 'decisive: [genesis.id, winner.id, ...kept.map(({ id }) => id)]',
    to: 'decisive: [...entries].map(({ id }) => id)',
  },
  {
    name: 'what follows an agreement is of the past',
    file: 'log-period.ts',
    from: 'overPlaces: [genesis.id, ',
    to: 'overPlaces: [...[...entries].map(({ id }) => id), ',
  },
  {
    name: 'what waits is forgotten',
    file: 'device-log.ts',
    from: 'mergedWith([...state.waiting, ...entries])',
    to: 'mergedWith(entries)',
  },
  {
    name: 'forgeries in wait keep an entry out',
    file: 'device-log.ts',
    from: "if (isKithError(error, 'ERR_SIGNATURE')) return without()\n",
    to: '',
  },
  {
    name: 'what has no room of its own is as good',
    file: 'log-limits.ts',
    from: 'return reserved.has(placed) ? 1 : 2',
    to: 'return 2',
  },
  {
    name: 'the first device waits for room like others',
    file: 'log-limits.ts',
    from: 'if (placed.author === tree.first) return 0\n',
    to: '',
  },
  {
    name: 'passing guests take the room of those who stay',
    file: 'log-limits.ts',
    from: '[lasting, passing]',
    to: '[passing, lasting]',
  },
  {
    name: 'a fork is hidden by losing half of it',
    file: 'log-limits.ts',
    from: 'return [...lost, ...rivalsOf(tree, new Set(lost))]',
    to: 'return lost',
  },
  {
    name: 'nobody needs to agree',
    file: 'log-check.ts',
    from: 'return authorFault(body, signed) ?? takenInFault(body.device, signed)',
    to: 'return authorFault(body, signed)',
  },
  {
    name: 'no author needs to sign',
    file: 'log-check.ts',
    from: 'return authorFault(body, signed) ?? takenInFault(body.device, signed)',
    to: 'return takenInFault(body.device, signed)',
  },
  {
    name: 'any key is taken in',
    file: 'log-check.ts',
    from: 'if (countersignature === undefined || !isEnrollableKey(key)) {',
    to: 'if (countersignature === undefined) {',
  },
  {
    name: 'entries of other accounts count',
    file: 'log-check.ts',
    from: "if (its !== account) throw new KithError('ERR_ENTRY_ACCOUNT', 'an entry of another account')\n",
    to: '',
  },
]
