import { LABELS, type Way } from "../business";

/** Facts on contact with their names: a row for each kind. */
export function Reach({ ways }: { ways: Way[] }) {
  const rows = Object.entries(LABELS)
    .map(([kind, label]) => ({ label, those: ways.filter((way) => way.kind === kind) }))
    .filter(({ those }) => those.length > 0);
  return (
    <dl className="reach">
      {rows.map(({ label, those }) => (
        <div key={label}>
          <dt>{label}</dt>
          {those.map((way) => (
            <dd key={way.text}>{way.href ? <a href={way.href}>{way.text}</a> : way.text}</dd>
          ))}
        </div>
      ))}
    </dl>
  );
}
