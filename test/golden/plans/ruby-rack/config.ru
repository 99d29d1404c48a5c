app = lambda do |env|
  case env["PATH_INFO"]
  when "/ready"
    [200, {}, ["ready"]]
  when "/"
    [200, {}, [ENV.fetch("TITLE", "Rack")]]
  else
    [404, {}, []]
  end
end

run app
