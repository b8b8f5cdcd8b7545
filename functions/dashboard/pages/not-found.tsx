import { Empty, LinkButton } from "../components/basics.tsx";

export function NotFound() {
  return (
    <Empty title="There is no such page">
      <p>The address may be mistyped, or what it named was deleted.</p>
      <LinkButton href="/" kind="primary">
        Go to the overview
      </LinkButton>
    </Empty>
  );
}
