// Says `id` again after `ms`.

onmessage = ({ data: { id, ms } }) => setTimeout(() => postMessage(id), ms);
