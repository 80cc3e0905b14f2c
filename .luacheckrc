-- What a Lua file of a room finds when it runs: Redis's own tables, KEYS and ARGV, and the leaves its header USES.
std = "lua51"
max_line_length = 120
read_globals = { "KEYS", "ARGV", "redis", "bit", "cmsgpack", "cjson", "struct" }

for path in io.popen("ls */lua/*.lua"):lines() do
  for line in io.lines(path) do
    local uses = line:match("^%-%- USES%s+(.*)")
    if uses then
      local leaves = {}
      for leaf in uses:gmatch("%S+") do
        leaves[#leaves + 1] = leaf
      end
      files[path] = { read_globals = leaves }
    end
  end
end
