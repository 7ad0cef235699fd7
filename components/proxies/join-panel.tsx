"use client";
// "Which machines may join, and who let them in?" Job: join tokens, each with what became of it. Rule: a token is shown once, whole, as the
// command that uses it.
import { Autocomplete, Button, Group, Modal, NumberInput, Stack, Text } from "@mantine/core";
import { IconDeviceDesktopPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  type CreatedJoinTokenDto,
  get,
  type JoinTokenDto,
  keys,
  type PageOf,
  type ProxyDto,
  send,
} from "@/components/api-client";
import { useMe, useMesh, useUrlParameters } from "@/components/shell";
import {
  absent,
  CodeLine,
  type Column,
  DataTable,
  ErrorText,
  Panel,
  ReadingState,
  StatusBadge,
  TimeAgo,
  useConfirm,
} from "@/components/ui";
import { joinTokenWord, workloadOf, workloadsIn } from "./join-words";

const MOST_MINUTES = 60;
/** In the URL, for the dialog without a workload: an empty parameter is none. */
const ANY_WORKLOAD = "any";
const SHOWN = 10;
/** In pixels: down to the sentence below the fields, and never over the button. */
const SUGGESTIONS_HEIGHT = 120;

function usePath(): string {
  const { mesh, environment } = useMesh();
  return `/meshes/${mesh}/environments/${environment?.name ?? ""}/join-tokens`;
}

export function JoinPanel({ proxies }: { proxies: readonly ProxyDto[] }) {
  const { can } = useMe();
  const { mesh, environment } = useMesh();
  const { search, set } = useUrlParameters();
  const path = usePath();
  const client = useQueryClient();
  const key = keys.mesh(mesh, "events", "join-tokens", environment?.name);
  const tokens = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => get<PageOf<JoinTokenDto>>(path, signal),
    enabled: environment !== undefined,
    refetchInterval: 10_000,
  });
  const confirm = useConfirm();
  const askToWithdraw = ({ id, workload, createdBy }: JoinTokenDto) => {
    const name = `${workload.namespace}/${workload.name}`;
    confirm.ask({
      title: `Withdraw the token for ${name}`,
      consequence: `The command with the token that ${createdBy} made lets no machine in any more. Machines that joined already stay. There is no way back, only a new token.`,
      action: "Withdraw it",
      act: () => send("DELETE", `${path}/${id}`).finally(() => client.invalidateQueries({ queryKey: key })),
    });
  };
  const mayJoin = can("proxy.join");
  const items = (tokens.data?.items ?? []).slice(0, SHOWN);
  const wanted = search.get("join");
  return (
    <Panel
      title="Machines that join"
      hint="A machine with Node and the packed proxy becomes an instance of a workload."
      aside={
        mayJoin && environment ? (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconDeviceDesktopPlus size={14} />}
            onClick={() => set({ join: ANY_WORKLOAD })}
          >
            Let a machine join
          </Button>
        ) : null
      }
    >
      <ReadingState of={tokens} />
      {tokens.data && items.length === 0 ? (
        <Text size="sm" c="dimmed">
          Nobody was let in yet. A join token works once, for one workload, and only for some minutes.
        </Text>
      ) : null}
      {items.length > 0 ? (
        <DataTable
          label="Join tokens"
          columns={columnsOf(mayJoin ? askToWithdraw : null)}
          rows={items}
          keyOf={({ id }) => id}
          minWidth={640}
        />
      ) : null}
      {mayJoin && environment ? (
        <NewJoinToken
          key={wanted}
          opened={wanted !== null}
          workload={wanted === null || wanted === ANY_WORKLOAD ? "" : wanted}
          known={workloadsIn(proxies)}
          onMade={() => client.invalidateQueries({ queryKey: key })}
          onClose={() => set({ join: null })}
        />
      ) : null}
      {confirm.dialog}
    </Panel>
  );
}

function columnsOf(onWithdraw: ((token: JoinTokenDto) => void) | null): Column<JoinTokenDto>[] {
  return [
    {
      title: "Workload",
      cell: ({ workload }) => (
        <Text size="sm" fw={500} span>
          {workload.namespace}/{workload.name}
        </Text>
      ),
    },
    {
      title: "Token",
      folded: "aside",
      cell: ({ state }) => <StatusBadge status={joinTokenWord[state].status}>{joinTokenWord[state].word}</StatusBadge>,
    },
    { title: "Made by", cell: ({ createdBy }) => createdBy },
    { title: "Ends", cell: ({ expiresAt }) => <TimeAgo at={expiresAt} /> },
    { title: "Joined as", cell: ({ proxyKey }) => proxyKey ?? absent },
    {
      title: "Actions",
      isTitleHidden: true,
      isNumber: true,
      cell: (token) =>
        token.state === "open" && onWithdraw ? (
          <Button
            size="compact-xs"
            variant="subtle"
            color="red"
            aria-label={`Withdraw the token for ${token.workload.name}`}
            onClick={() => onWithdraw(token)}
          >
            Withdraw
          </Button>
        ) : null,
    },
  ];
}

function NewJoinToken(props: {
  opened: boolean;
  workload: string;
  known: readonly string[];
  onMade: () => void;
  onClose: () => void;
}) {
  const path = usePath();
  const [workload, setWorkload] = useState(props.workload);
  const [minutes, setMinutes] = useState<string | number>(10);
  const asked = workloadOf(workload);
  const make = useMutation({
    mutationFn: () => send<CreatedJoinTokenDto>("POST", path, { workload: asked, minutes: Number(minutes) || 10 }),
    onSuccess: props.onMade,
  });
  return (
    <Modal opened={props.opened} onClose={props.onClose} title="Let a machine join" size="lg">
      {make.data ? (
        <Made token={make.data} onDone={props.onClose} />
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            make.mutate();
          }}
        >
          <Stack>
            <Autocomplete
              label="Workload"
              description="namespace/workload, of the revision that runs"
              placeholder="production/cart-v1"
              data={[...props.known]}
              openOnFocus={false}
              maxDropdownHeight={SUGGESTIONS_HEIGHT}
              value={workload}
              onChange={setWorkload}
              required
              data-autofocus
            />
            <NumberInput label="Ends after, minutes" min={1} max={MOST_MINUTES} value={minutes} onChange={setMinutes} />
            <Text size="sm">
              Whoever runs the command gets a certificate of this workload and takes its calls. The token works once.
            </Text>
            <ErrorText>{make.error?.message}</ErrorText>
            <Group justify="flex-end">
              <Button variant="default" onClick={props.onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={make.isPending} disabled={asked === null}>
                Make the token
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

function Made({ token, onDone }: { token: CreatedJoinTokenDto; onDone: () => void }) {
  return (
    <Stack>
      <Text size="sm">
        Run this within {minutesUntil(token)} minutes on the machine, in the folder where the packed proxy was unpacked.
        It is not shown again.
        {token.needsApp ? " Put the port on which the app listens there in place of PORT." : ""}
      </Text>
      <CodeLine label="Copy the command">{token.command}</CodeLine>
      {token.isReachable ? null : (
        <Text size="sm" c="var(--mw-attention)">
          The control plane listens on loopback, so only its own machine can join. To let others join, start it with npm
          start -- --mesh-address and the address of this machine.
        </Text>
      )}
      <Text size="xs" c="dimmed">
        The machine needs Node 20.19 or newer, and no more than this: npm pack --workspace proxy in the clone makes
        meshwright-proxy-0.1.0.tgz; there, tar xzf meshwright-proxy-0.1.0.tgz unpacks it. It makes its own key, which
        stays there.
      </Text>
      <Group justify="flex-end">
        <Button onClick={onDone}>Done</Button>
      </Group>
    </Stack>
  );
}

function minutesUntil({ createdAt, expiresAt }: CreatedJoinTokenDto): number {
  return Math.round((new Date(expiresAt).getTime() - new Date(createdAt).getTime()) / 60_000);
}
