// Ids of events, as 1732363200123-0: milliseconds and sequence. They only grow.

const parts = (id) => id.split("-").map(Number);

// Whether one id comes after another; what is no id does.
export function isLater(id, than) {
	const [ms, sequence] = parts(id), [thanMs, thanSequence] = parts(than);
	return !(ms < thanMs || (ms === thanMs && sequence <= thanSequence));
}

// The id that would follow at once: history `before` it ends with the event `id` itself.
export function idAfter(id) {
	const [ms, sequence] = parts(id);
	return `${ms}-${sequence + 1}`;
}
